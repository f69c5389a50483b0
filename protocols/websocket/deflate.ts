/**
 * The extension permessage-deflate, as far as it is agreed on (RFC 7692 section 7.1).
 * Knows: the four parameters, what a server may answer to an offer and a client must not. Does not know: compressing.
 */
import { ProtocolError } from '../../src/errors.ts';
import { formatExtension, parseExtensions, type Extension } from './grammar.ts';
import type { Compression } from './Machine.ts';

/** What both sides have agreed on (RFC 7692 sections 7.1.1 and 7.1.2). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** The window is 2 to this power bytes: 9 to 15. */
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** What one side wants: as much or less than this is agreed on, never more. */
export type DeflateWish = Partial<DeflateParameters>;

/** Compression as an option: what is wanted, and how it is done once it is agreed on. */
export interface PerMessageDeflate {
  readonly wish: DeflateWish;
  begin(agreed: DeflateParameters, role: 'client' | 'server'): Compression;
}

const name = 'permessage-deflate';

/** The client's offer. */
export function formatOffer(wish: DeflateWish): string {
  const parameters: [string, string | true][] = [];
  if (wish.serverNoContextTakeover) parameters.push(['server_no_context_takeover', true]);
  if (wish.clientNoContextTakeover) parameters.push(['client_no_context_takeover', true]);
  if (wish.serverMaxWindowBits !== undefined)
    parameters.push(['server_max_window_bits', String(wish.serverMaxWindowBits)]);
  // RFC 7692 section 7.1.2.2: without it the server may not ask for a smaller window of ours.
  parameters.push([
    'client_max_window_bits',
    wish.clientMaxWindowBits === undefined ? true : String(wish.clientMaxWindowBits),
  ]);
  return formatExtension({ name, parameters });
}

/** What the server answers: to the first offer that it can accept. `undefined` when there is none: then nothing is compressed. */
export function answerOffer(
  field: string,
  wish: DeflateWish,
): { readonly agreed: DeflateParameters; readonly field: string } | undefined {
  for (const offer of parseExtensions(field) ?? []) {
    const offered = offer.name === name ? read(offer) : undefined;
    const agreed = offered && agree(offered, wish);
    if (agreed !== undefined) return { agreed, field: formatAnswer(agreed) };
  }
  return undefined;
}

/** What the client makes of the answer. Throws {@link ProtocolError} for one that does not fit the offer. */
export function readAnswer(field: string, wish: DeflateWish): DeflateParameters {
  const extensions = parseExtensions(field) ?? [];
  const answered = extensions.length === 1 && extensions[0].name === name ? read(extensions[0]) : undefined;
  const { server_max_window_bits: serverBits, client_max_window_bits: clientBits } = answered ?? {};
  const fits =
    answered !== undefined &&
    clientBits !== true &&
    serverBits !== true &&
    (clientBits ?? 0) <= (wish.clientMaxWindowBits ?? 15) &&
    (serverBits ?? 15) <= (wish.serverMaxWindowBits ?? 15) &&
    (!wish.serverNoContextTakeover || answered.server_no_context_takeover !== undefined);
  if (!fits) throw new ProtocolError(`expected an answer to the offer of ${name} (RFC 7692 section 7.1), got ${field}`);
  return {
    serverNoContextTakeover: answered.server_no_context_takeover !== undefined,
    clientNoContextTakeover: answered.client_no_context_takeover !== undefined || wish.clientNoContextTakeover === true,
    serverMaxWindowBits: serverBits ?? 15,
    clientMaxWindowBits: clientBits ?? wish.clientMaxWindowBits ?? 15,
  };
}

type Parameters = Partial<Record<'server_no_context_takeover' | 'client_no_context_takeover', true>> &
  Partial<Record<'server_max_window_bits' | 'client_max_window_bits', number | true>>;

/** RFC 7692 section 7.1: unknown, invalid and repeated parameters make an offer, or an answer, that is not to be accepted. */
function read({ parameters }: Extension): Parameters | undefined {
  const known: Record<string, number | true> = {};
  for (const [parameter, value] of parameters) {
    if (parameter in known) return undefined;
    if (/^(server|client)_no_context_takeover$/.test(parameter) && value === true) known[parameter] = true;
    else if (parameter === 'client_max_window_bits' && value === true) known[parameter] = true;
    else if (/^(server|client)_max_window_bits$/.test(parameter) && value !== true && /^([89]|1[0-5])$/.test(value))
      known[parameter] = Number(value);
    else return undefined;
  }
  return known;
}

function agree(offered: Parameters, wish: DeflateWish): DeflateParameters | undefined {
  const { server_max_window_bits: serverBits = 15, client_max_window_bits: clientBits } = offered;
  // zlib has no window of 8 bits for what has no header: it would use 9, and the peer could not follow.
  if (serverBits === true || serverBits < 9) return undefined;
  const wanted = wish.clientMaxWindowBits ?? 15;
  // RFC 7692 section 7.1.2.2: a client that has not offered it does not understand it.
  if (clientBits === undefined && wanted < 15) return undefined;
  return {
    serverNoContextTakeover: offered.server_no_context_takeover === true || wish.serverNoContextTakeover === true,
    clientNoContextTakeover: offered.client_no_context_takeover === true || wish.clientNoContextTakeover === true,
    serverMaxWindowBits: Math.min(serverBits, wish.serverMaxWindowBits ?? 15),
    clientMaxWindowBits: Math.min(typeof clientBits === 'number' ? clientBits : 15, wanted),
  };
}

function formatAnswer(agreed: DeflateParameters): string {
  const parameters: [string, string | true][] = [];
  if (agreed.serverNoContextTakeover) parameters.push(['server_no_context_takeover', true]);
  if (agreed.clientNoContextTakeover) parameters.push(['client_no_context_takeover', true]);
  if (agreed.serverMaxWindowBits < 15) parameters.push(['server_max_window_bits', String(agreed.serverMaxWindowBits)]);
  if (agreed.clientMaxWindowBits < 15) parameters.push(['client_max_window_bits', String(agreed.clientMaxWindowBits)]);
  return formatExtension({ name, parameters });
}
