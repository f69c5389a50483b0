/**
 * Error codes of HTTP/2, by their names (RFC 9113 section 7).
 * Knows: Node's constants. Does not know: who sends them.
 */
import { constants } from 'node:http2';

const names: readonly (keyof typeof constants)[] = [
  'NGHTTP2_NO_ERROR',
  'NGHTTP2_PROTOCOL_ERROR',
  'NGHTTP2_INTERNAL_ERROR',
  'NGHTTP2_FLOW_CONTROL_ERROR',
  'NGHTTP2_SETTINGS_TIMEOUT',
  'NGHTTP2_STREAM_CLOSED',
  'NGHTTP2_FRAME_SIZE_ERROR',
  'NGHTTP2_REFUSED_STREAM',
  'NGHTTP2_CANCEL',
  'NGHTTP2_COMPRESSION_ERROR',
  'NGHTTP2_CONNECT_ERROR',
  'NGHTTP2_ENHANCE_YOUR_CALM',
  'NGHTTP2_INADEQUATE_SECURITY',
  'NGHTTP2_HTTP_1_1_REQUIRED',
];

/** `CANCEL`, `ENHANCE_YOUR_CALM`, ...; the number for one that has no name. */
export function codeName(code: number): string {
  return names.find((name) => constants[name] === code)?.replace('NGHTTP2_', '') ?? String(code);
}
