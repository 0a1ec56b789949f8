// A part of a class that cannot be used at all, in the words of the class's conditions.

import type { Problem } from "./resolved-class.ts";

export class ClassProblem extends Error {
  override readonly name = "ClassProblem";
  readonly problem: Problem;

  constructor(condition: string, reason: string, message: string) {
    super(message);
    this.problem = { condition, reason, message };
  }
}
