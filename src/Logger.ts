/**
 * Where a program says what happens: the interface of pino, which most loggers of Node speak.
 * Knows: levels, fields, a message. Does not know: where it goes.
 */

/** Fields first, then the message: `log.info({ signal }, 'stopping')`. `pino()` is one; so is `console`. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  /** An error stands in the field `err`. */
  error(fields: object, message: string): void;
}

/** Messages for people, on the console: no fields, but the stack of an error. */
export const plainLogger: Logger = {
  info: (_, message) => console.info(message),
  warn: (_, message) => console.warn(message),
  error(fields, message) {
    const { err } = fields as { err?: unknown };
    console.error(err instanceof Error ? (err.stack ?? String(err)) : message);
  },
};
