/** The types that the package does not bring along. */
declare module 'bufferutil' {
  export function mask(source: Uint8Array, mask: Uint8Array, output: Uint8Array, offset: number, length: number): void;
}
