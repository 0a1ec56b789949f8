// The room of plain values: amounts, times, money, order. Knows nothing of Kubernetes objects, clouds or clocks.

export * from "./cron.ts";
export * from "./duration.ts";
export * from "./money.ts";
export * from "./order.ts";
export * from "./quantity.ts";
export * from "./resources.ts";
