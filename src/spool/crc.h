/*
 * crc: CRC-32C (RFC 3720 appendix B.4), to tell a damaged file from a sound
 * one. Start with 0; pieces may be fed one after the other.
 */
#ifndef SPOOL_CRC_H
#define SPOOL_CRC_H

#include "slice.h"

uint32_t crc_add(uint32_t crc, struct slice bytes);

#endif
