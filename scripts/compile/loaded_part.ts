const [PROGRAM_HEADERS, SECTION_HEADERS, SIZE_AND_COUNTS] = [0x20, 0x28, 0x36];

/**
 * What the loader reads of a 64-bit ELF file of Linux: all of its segments, without the table of symbols for debuggers that
 * stands behind them. 11 MB of DuckDB's 71, which would be unpacked, and hashed before each use.
 */
export function loadedPart(file: Uint8Array): Uint8Array {
  const header = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (header.getUint32(0) !== 0x7f454c46 || file[4] !== 2) throw new Error("This is no 64-bit ELF file");
  const at = (place: number) => Number(header.getBigUint64(place, true));
  const [size, count] = [
    header.getUint16(SIZE_AND_COUNTS, true),
    header.getUint16(SIZE_AND_COUNTS + 2, true),
  ];
  let end = 0;
  for (let i = 0, segment = at(PROGRAM_HEADERS); i < count; i++, segment += size) {
    end = Math.max(end, at(segment + 0x08) + at(segment + 0x20));
  }
  const part = file.slice(0, end);
  // Sections are for linkers and debuggers: none are there any more.
  const kept = new DataView(part.buffer);
  kept.setBigUint64(SECTION_HEADERS, 0n);
  for (const place of [0x3c, 0x3e]) kept.setUint16(place, 0);
  return part;
}
