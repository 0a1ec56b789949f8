// Refusals that a fresh look at the API's clock may cure (O-62).

import { OvhApiError } from "./ovh-api.ts";

export function isClockError(error: unknown): boolean {
  if (!(error instanceof OvhApiError)) return false;
  const { status, errorCode, said } = error.facts;
  return status === 400 && (errorCode === "INVALID_SIGNATURE" || /timestamp|signature/i.test(said));
}
