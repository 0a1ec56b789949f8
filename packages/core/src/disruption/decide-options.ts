// What the caller adds to a question about one method.

export interface DecideOptions {
  /** Asked between and within simulations; true ends the search (D-93, D-95). */
  readonly shouldStop?: () => boolean;
  /** Single-node: pools whose nodes were not reached the last time; they come first (D-95). */
  readonly unseenPools?: ReadonlySet<string>;
}
