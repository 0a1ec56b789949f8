// A row as the API would send it; keys that begin with "_" are hints for the fake and stay inside.

export type SeedRow = Readonly<Record<string, unknown>> & { readonly id?: string; readonly name?: string };
