// What the caller adds to a question about one method.

import type { Pause } from "./pause.ts";

export interface DecideOptions {
  /** Asked between and within simulations; true ends the search (D-93, D-95). */
  readonly shouldStop?: () => boolean;
  /** Single-node: pools whose nodes were not reached the last time; they come first (D-95). */
  readonly unseenPools?: ReadonlySet<string>;
  /** Drift: pools whose last replacement failed, and until when none of theirs is replaced (DX-31). */
  readonly driftPauses?: ReadonlyMap<string, Pause>;
  /** Drift: how many commands of each pool have just been started; the others come first (DX-32). */
  readonly started?: ReadonlyMap<string, number>;
  /** Drift: nodes whose command failed before go behind their equals (DX-31). */
  readonly failed?: ReadonlySet<string>;
}
