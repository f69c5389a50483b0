/**
 * How a session of node:http2 ends when one side has broken the rules, or says that the other has.
 * Knows: what Node does not tell, or tells wrongly. Does not know: streams, which side this is.
 */
import { constants, type Http2Session } from 'node:http2';
import { ConnectionLost, ProtocolError } from '../../../../src/errors.ts';
import { codeName } from './errorCodes.ts';
import { FrameWatch } from './FrameWatch.ts';
import type { LayeredWire } from './LayeredWire.ts';

/** What nghttp2 calls its errors (`nghttp2_error`), and what they are on the wire. */
const codes: Readonly<Record<number, number>> = {
  [-522]: constants.NGHTTP2_FRAME_SIZE_ERROR,
  [-523]: constants.NGHTTP2_COMPRESSION_ERROR,
  [-524]: constants.NGHTTP2_FLOW_CONTROL_ERROR,
};

/**
 * Sees that a session ends at once, with the right word to the peer and with an error that says what it was:
 *
 * - For some frames that are none, nghttp2 says GOAWAY by itself; it then neither reads nor writes any more, and Node, which
 *   does not know, keeps the session until it is idle.
 * - For others Node ends the session itself, and takes the blame: INTERNAL_ERROR.
 * - A GOAWAY of the peer comes to the streams as an error without a type.
 *
 * `begins` bytes leave before the first frame (a client's preface, RFC 9113 section 3.4). `dataLeaves` is told of streams whose
 * content moves.
 */
export function endAtOnce(
  session: Http2Session,
  wire: LayeredWire,
  begins = 0,
  dataLeaves: (stream: number) => void = () => {},
): void {
  const destroy = session.destroy.bind(session);
  let goaway: number = constants.NGHTTP2_NO_ERROR;
  session.on('goaway', (code) => (goaway = code));
  session.destroy = (error, code) => {
    const { code: name, errno } = (error ?? {}) as NodeJS.ErrnoException;
    if (name === 'ERR_HTTP2_ERROR') {
      const blame = codes[errno ?? 0] ?? constants.NGHTTP2_PROTOCOL_ERROR;
      destroy(wrong(wire, blame, error), blame);
    } else if (name === 'ERR_HTTP2_SESSION_ERROR') destroy(endedByPeer(wire, goaway, error), code);
    else destroy(error, code);
  };
  const watch = new FrameWatch(begins, {
    data: dataLeaves,
    goaway(code) {
      // Not in the middle of its own write.
      setImmediate(() => {
        if (!session.destroyed) destroy(wrong(wire, code), code);
      });
    },
  });
  wire.leaving = (chunk) => watch.see(chunk);
}

function wrong({ connection }: LayeredWire, code: number, cause?: Error): ProtocolError {
  const message = `${connection} speaks no HTTP/2: it was broken off with ${codeName(code)}`;
  return new ProtocolError(cause === undefined ? message : `${message}, ${cause.message}`, { cause });
}

function endedByPeer({ connection }: LayeredWire, code: number, cause?: Error): ConnectionLost {
  const name = codeName(code);
  return new ConnectionLost(`${connection} was broken off by the other side: ${name} (RFC 9113 section 7)`, {
    cause,
    code: name,
  });
}
