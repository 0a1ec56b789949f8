// What the launcher and its guard process say to each other: one JSON object per line.

export type GuardOrder =
  | {
      readonly order: "start";
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      /** File that takes both output streams. */
      readonly log: string;
    }
  | { readonly order: "kill"; readonly id: number };

export type GuardEvent =
  | { readonly event: "started"; readonly id: number; readonly pid: number }
  | { readonly event: "ended"; readonly id: number; readonly how: string };
