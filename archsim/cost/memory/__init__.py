"""Buffers and memories: SRAM, embedded and external DRAM, register files."""
