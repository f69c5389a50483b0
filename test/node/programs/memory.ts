/**
 * Loaded into a program before it starts: told `begin` over IPC it collects, says its resident memory, and watches it from
 * then on; told `report` it says the most it has seen since. Ends with whoever started it. Knows nothing of the program.
 *
 * It has what nobody refers to collected as it goes: V8 leaves 32 MiB of read buffers and more lying about before it looks,
 * and what is measured shall be what is kept.
 */
let peak = 0;
const look = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};

process.on('message', (message) => {
  if (message === 'begin') {
    globalThis.gc?.();
    peak = 0;
    setInterval(() => {
      look();
      globalThis.gc?.({ type: 'minor' });
    }, 10).unref();
  }
  look();
  process.send?.({ peak });
});
process.on('disconnect', () => process.exit());
