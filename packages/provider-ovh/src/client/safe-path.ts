// The last look at a path before it is sent: what could lead elsewhere, or end the process inside a library, is refused (T-68, T-78).

export function refuseUnsafePath(path: string): void {
  if (!/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/.test(path) || /(^|\/)\.{1,2}(\/|$)/.test(path)) {
    throw new Error(`${JSON.stringify(path)} is not a safe API path`);
  }
}
