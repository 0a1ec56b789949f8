// The room of NodeOverlays: which of them count, and what instance types look like with them.

export { acceptOverlays } from "./accept-overlays.ts";
export type { OverlayVerdicts, PoolListing, RejectedOverlay } from "./accept-overlays.ts";
export { applyOverlays } from "./apply-overlays.ts";
export { evaluateOverlays } from "./evaluate-overlays.ts";
export type { OverlayEvaluation } from "./evaluate-overlays.ts";
export type { OverlayContext } from "./overlay-match.ts";
