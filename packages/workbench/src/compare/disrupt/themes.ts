// What a random scenario dwells on. Every seed belongs to one theme, so that each is met as often as the others.

export const THEMES = [
  "plain",
  "budgets",
  "protection",
  "pdbs",
  "spot",
  "drift",
  "static",
  "balanced",
  "waiting",
  "conditions",
  "company",
  "strange nodes",
  "market",
  "volumes",
  "costs",
  "many nodes",
  "everything",
  "reserved",
  "many spot types",
  "odd pods",
  "soft taints",
  "pending pods",
  "overlays",
  // The only one in which conditions are behind the times (D-135): elsewhere the controller that marks claims could write.
  "stale conditions",
] as const;

export type Theme = (typeof THEMES)[number];

export function themeOf(seed: number): Theme {
  const theme = THEMES[seed % THEMES.length];
  if (theme === undefined) throw new RangeError(`no theme for seed ${seed}`);
  return theme;
}

/** How often a feature is drawn: rarely outside its own theme, often in it. */
export function share(theme: Theme, own: Theme, inOwn: number, elsewhere = 0): number {
  if (theme === own) return inOwn;
  return theme === "everything" ? inOwn / 3 : elsewhere;
}
