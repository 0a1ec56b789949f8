// The machine's own time: signatures and tokens are judged by it, whatever clock decisions are made by.

export function wallClock(): number {
  // oxlint-disable-next-line no-restricted-properties -- requests are stamped with the machine's own time
  return Date.now();
}
