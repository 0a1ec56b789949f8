// When a five-field cron schedule strikes, in UTC. The dialect is the one Karpenter's budgets are read with (D-38, D-39); anything else is
// refused, because a budget that cannot be read must allow nothing.

export class CronError extends Error {
  override readonly name = "CronError";
}

/** The allowed values of each field. */
export interface CronSchedule {
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly daysOfMonth: CronField;
  readonly months: CronField;
  readonly daysOfWeek: CronField;
}

export interface CronField {
  readonly values: ReadonlySet<number>;
  /** Written with a star, which decides how the two day fields combine. */
  readonly star: boolean;
}

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const MINUTE: FieldRule = { name: "minute", min: 0, max: 59 };
const HOUR: FieldRule = { name: "hour", min: 0, max: 23 };
const DAY_OF_MONTH: FieldRule = { name: "day of month", min: 1, max: 31 };
const MONTH: FieldRule = {
  name: "month",
  min: 1,
  max: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const DAY_OF_WEEK: FieldRule = {
  name: "day of week",
  min: 0,
  max: 6,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SEARCH_YEARS = 5;

/** Throws CronError, naming the text. */
export function parseCron(text: string): CronSchedule {
  const trimmed = text.trim();
  const expanded = Object.hasOwn(MACROS, trimmed) ? (MACROS[trimmed] ?? "") : trimmed;
  const fields = expanded === "" ? [] : expanded.split(/\s+/);
  if (fields.length !== 5) {
    throw new CronError(`schedule ${JSON.stringify(text)} has ${fields.length} fields; 5 fields or a macro are needed`);
  }
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  return {
    minutes: parseField(minute, MINUTE, text),
    hours: parseField(hour, HOUR, text),
    daysOfMonth: parseField(dayOfMonth, DAY_OF_MONTH, text),
    months: parseField(month, MONTH, text),
    daysOfWeek: parseField(dayOfWeek, DAY_OF_WEEK, text),
  };
}

/** The first strike strictly after that time, or undefined when there is none up to the end of the fifth following year. */
export function nextAfter(schedule: CronSchedule, epochMs: number): number | undefined {
  const start = Math.floor(epochMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const lastYear = new Date(start).getUTCFullYear() + SEARCH_YEARS;
  let day = Math.floor(start / DAY_MS) * DAY_MS;
  for (;;) {
    const date = new Date(day);
    if (date.getUTCFullYear() > lastYear) return undefined;
    if (!schedule.months.values.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      continue;
    }
    const hit = matchesDay(schedule, date) ? firstStrikeOfDay(schedule, day, start) : undefined;
    if (hit !== undefined) return hit;
    day += DAY_MS;
  }
}

/** D-39: with a star in one of the day fields both must match, otherwise one is enough. */
function matchesDay(schedule: CronSchedule, date: Date): boolean {
  const { daysOfMonth, daysOfWeek } = schedule;
  const inMonth = daysOfMonth.values.has(date.getUTCDate());
  const inWeek = daysOfWeek.values.has(date.getUTCDay());
  return daysOfMonth.star || daysOfWeek.star ? inMonth && inWeek : inMonth || inWeek;
}

function firstStrikeOfDay(schedule: CronSchedule, day: number, notBefore: number): number | undefined {
  for (let hour = Math.max(0, Math.floor((notBefore - day) / HOUR_MS)); hour < 24; hour++) {
    if (!schedule.hours.values.has(hour)) continue;
    for (let minute = 0; minute < 60; minute++) {
      const at = day + hour * HOUR_MS + minute * MINUTE_MS;
      if (at >= notBefore && schedule.minutes.values.has(minute)) return at;
    }
  }
  return undefined;
}

function parseField(field: string, rule: FieldRule, text: string): CronField {
  const values = new Set<number>();
  let star = false;
  for (const part of field.split(",")) {
    const range = parseRange(part, rule, text);
    star ||= range.star;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return { values, star };
}

function parseRange(part: string, rule: FieldRule, text: string) {
  const [span = "", stepText, ...more] = part.split("/");
  const star = span === "*" || span === "?";
  const [fromText = "", toText, ...extra] = span.split("-");
  const from = star ? rule.min : parseValue(fromText, rule);
  // A single value with a step runs on to the end of the field.
  const open = star || (toText === undefined && stepText !== undefined);
  const to = open ? rule.max : toText === undefined ? from : parseValue(toText, rule);
  const step = stepText === undefined ? 1 : parseWhole(stepText);
  const readable = from !== undefined && to !== undefined && step !== undefined && !more.length && !extra.length;
  if (!readable || step === 0 || from < rule.min || to > rule.max || from > to) {
    throw new CronError(`schedule ${JSON.stringify(text)} has an invalid ${rule.name} ${JSON.stringify(part)}`);
  }
  return { from, to, step, star };
}

function parseValue(text: string, rule: FieldRule): number | undefined {
  const index = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? rule.min + index : parseWhole(text);
}

function parseWhole(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
