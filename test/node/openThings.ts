/** What this process has open that a connection or a port may have left behind. */
export function openThings(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|UDP|Pipe|GetAddrInfo|Timeout|Immediate)/.test(name));
}
