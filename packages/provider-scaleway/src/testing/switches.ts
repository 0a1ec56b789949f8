// Which of the API's open or rare behaviours the fake shows. Tests change them while it runs; the provider must be safe with any value.

export interface Switches {
  /** "off": every call is granted, for demonstrations. */
  auth: "on" | "off";
  /** When the slot of a server is taken (W-75). */
  stockAt: "create" | "poweron";
  /** Status of out_of_stock: it differs between products. */
  outOfStockStatus: number;
  /** How an action is refused that the state does not allow. */
  refusedAction: "invalid_request_error" | "transient_state";
  /** How a quota of servers is worded. */
  quotaError: "quotas_exceeded" | "legacy";
  /** Of JSON answers; @scaleway/sdk compares it exactly. */
  contentType: string;
  /** The last page of each list is empty although the total counts it (T-13, T-60). */
  truncateLists: boolean;
  /** Volumes stay "detaching" this much longer. */
  extraDetachSeconds: number;
  /** What part of the nominal memory a Node reports. */
  memoryFactor: number;
  /** Nodes with GPUs report nvidia.com/gpu. */
  gpuPlugin: boolean;
  /** The cluster has Scaleway's cloud controller manager: it labels and initialises Nodes. */
  cloudController: boolean;
  /** Above this many requests in a wall second an invariant is broken; 0 = no limit. */
  maxRequestsPerSecond: number;
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
  auth: "on",
  stockAt: "poweron",
  outOfStockStatus: 412,
  refusedAction: "invalid_request_error",
  quotaError: "quotas_exceeded",
  contentType: "application/json",
  truncateLists: false,
  extraDetachSeconds: 0,
  memoryFactor: 0.96,
  gpuPlugin: true,
  cloudController: true,
  maxRequestsPerSecond: 0,
};
