// How the APIs write times: the Instance API with an offset, the others with a Z; both with microseconds.

export function instanceTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000+00:00");
}

export function plainTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
