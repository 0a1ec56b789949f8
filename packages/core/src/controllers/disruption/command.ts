// One running decision to remove empty nodes, and the phase it is in.

/** It waits out the validation delay, then its nodes are tainted and watched for late pods. */
export type EmptinessCommand =
  | { readonly phase: "waiting"; readonly nodes: readonly string[]; readonly dueAt: number }
  | {
      readonly phase: "tainted";
      readonly nodes: readonly string[];
      readonly dueAt: number;
      /** Uids of the pods that were there when the node was judged empty; any other one came late. */
      readonly knownPods: ReadonlySet<string>;
    };
