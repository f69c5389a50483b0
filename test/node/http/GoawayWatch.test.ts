/** A GOAWAY among other frames, wherever the bytes are cut. */
import { constants } from 'node:http2';
import { concat } from 'ropewalk';
import { GoawayWatch } from '../../../protocols/http/node/http2/GoawayWatch.ts';
import { frame, preface, types, uint32 } from './frames.ts';

const goaway = (code: number): Uint8Array => frame(types.goaway, 0, 0, [...uint32(1), ...uint32(code), 7, 7, 7]);
// What the frames carry looks like a GOAWAY itself.
const wire = concat([
  new TextEncoder().encode(preface),
  frame(types.settings, 0, 0),
  frame(types.data, 0, 1, [...goaway(constants.NGHTTP2_CANCEL)]),
  goaway(constants.NGHTTP2_NO_ERROR),
  frame(types.data, 0, 1, [1, 2, 3]),
  goaway(constants.NGHTTP2_FRAME_SIZE_ERROR),
  frame(types.data, 0, 1),
]);

function codesIn(...pieces: readonly Uint8Array[]): number[] {
  const told: number[] = [];
  const watch = new GoawayWatch(preface.length, (code) => told.push(code));
  for (const piece of pieces) watch.see(piece);
  return told;
}

test('the code of one that is an error is told, once; that of an end in order is not', () => {
  expect(codesIn(wire)).toEqual([constants.NGHTTP2_FRAME_SIZE_ERROR]);
});

test('at every cut, and byte by byte', () => {
  for (let at = 0; at <= wire.length; at++)
    expect(codesIn(wire.subarray(0, at), wire.subarray(at))).toEqual([constants.NGHTTP2_FRAME_SIZE_ERROR]);
  expect(codesIn(...Array.from(wire, (_, at) => wire.subarray(at, at + 1)))).toEqual([
    constants.NGHTTP2_FRAME_SIZE_ERROR,
  ]);
});
