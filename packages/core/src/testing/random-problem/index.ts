export * from "./mixes.ts";
export * from "./problem-arbitrary.ts";
export * from "./random-problem.ts";
