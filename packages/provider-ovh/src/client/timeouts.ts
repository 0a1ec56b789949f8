// How long an answer is waited for (O-2): writes longer, as giving one up leaves open whether it was carried out.

export const READ_TIMEOUT_MS = 30_000;
export const WRITE_TIMEOUT_MS = 60_000;
