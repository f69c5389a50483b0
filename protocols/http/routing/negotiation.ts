/**
 * What a client prefers, by weight (RFC 9110 section 12).
 * Knows: lists with q-values, media ranges. Does not know: what there is to choose from.
 */

/** One member of Accept, Accept-Encoding, Accept-Language; what it names in small letters, parameters but `q` left out. */
export interface Preference {
  readonly name: string;
  /** 0 to 1; 0 is "not this" (section 12.4.2). */
  readonly weight: number;
}

/** The members of a list of preferences. Those that are none are left out, as if they were not there. */
export function preferences(field: string): Preference[] {
  return field.split(',').flatMap((member) => {
    const [name, ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    if (name === '') return [];
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    if (weight === undefined) return [{ name, weight: 1 }];
    const written = weight.slice(weight.indexOf('=') + 1).trim();
    // RFC 9110 section 12.4.2: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
    return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(written) ? [{ name, weight: Number(written) }] : [];
  });
}

/**
 * Which of `types` the client would like best (RFC 9110 section 12.5.1); of equals the first. Without a preference the first,
 * and also if none will do: an answer in another form is better than none.
 */
export function preferredType<T extends string>(accept: string | undefined, types: readonly [T, ...T[]]): T {
  const wanted = accept === undefined ? [] : preferences(accept);
  let [best] = types;
  let bestWeight = 0;
  for (const type of types) {
    const weight = weightOfType(wanted, type);
    if (weight > bestWeight) [best, bestWeight] = [type, weight];
  }
  return best;
}

/** The most specific range decides: `text/html` before `text/*` before anything. */
function weightOfType(wanted: readonly Preference[], type: string): number {
  const [main] = type.split('/');
  for (const range of [type, `${main}/*`, '*/*']) {
    const found = wanted.find(({ name }) => name === range);
    if (found !== undefined) return found.weight;
  }
  return 0;
}
