// Something a person can put right: a flag, a name, a path. Shown without a stack.

export class BenchError extends Error {
  override readonly name = "BenchError";
}
