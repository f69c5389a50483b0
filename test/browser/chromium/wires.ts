/** The wires that a page has, and what they can do: for the page, which has them, and for the tests, which name their cases. */
export const wires = {
  WebSocket: { reset: true, halfClose: false, pressure: false, messages: true },
  MessagePort: { reset: true, halfClose: true },
  Worker: { reset: true, halfClose: true },
  BroadcastChannel: { reset: true, halfClose: true },
} as const;

export type Wire = keyof typeof wires;
