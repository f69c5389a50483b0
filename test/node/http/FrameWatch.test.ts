/** A GOAWAY, and the content of streams, among other frames, wherever the bytes are cut. */
import { constants } from 'node:http2';
import { concat } from 'ropewalk';
import { FrameWatch } from '../../../protocols/http/node/http2/FrameWatch.ts';
import { frame, preface, types, uint32 } from './frames.ts';

const goaway = (code: number): Uint8Array => frame(types.goaway, 0, 0, [...uint32(1), ...uint32(code), 7, 7, 7]);
// What the frames carry looks like a GOAWAY itself.
const wire = concat([
  new TextEncoder().encode(preface),
  frame(types.settings, 0, 0),
  frame(types.data, 0, 1, [...goaway(constants.NGHTTP2_CANCEL)]),
  goaway(constants.NGHTTP2_NO_ERROR),
  frame(types.data, 0, 300, [1, 2, 3]),
  goaway(constants.NGHTTP2_FRAME_SIZE_ERROR),
  frame(types.data, 0, 1),
]);

const seen = ['data 1', 'data 300', `goaway ${constants.NGHTTP2_FRAME_SIZE_ERROR}`, 'data 1'];

function seenIn(...pieces: readonly Uint8Array[]): string[] {
  const told: string[] = [];
  const watch = new FrameWatch(preface.length, {
    goaway: (code) => told.push(`goaway ${code}`),
    data: (stream) => told.push(`data ${stream}`),
  });
  for (const piece of pieces) watch.see(piece);
  return told;
}

test('the code of a GOAWAY that is an error is told, that of an end in order is not; content is told by its stream', () => {
  expect(seenIn(wire)).toEqual(seen);
});

test('at every cut, and byte by byte', () => {
  for (let at = 0; at <= wire.length; at++) expect(seenIn(wire.subarray(0, at), wire.subarray(at))).toEqual(seen);
  expect(seenIn(...Array.from(wire, (_, at) => wire.subarray(at, at + 1)))).toEqual(seen);
});
