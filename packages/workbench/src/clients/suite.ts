// What a cloud says about the clients that other people wrote for it, and that run unchanged against its fake.

/** What `fake-cloud` prints when it is ready. */
export interface FakeCloudReady {
  readonly cloud: string;
  readonly url: string;
  /** Undefined on plain http. */
  readonly caFile?: string;
  readonly credentials: Readonly<Record<string, string>>;
}

/** A program in the cloud's folder. It prints a line for each step that worked, and ends with 0 when all did. */
export type ClientProgram =
  /** `program` and `requirements` are files; what requirements names is installed into a folder of its own. */
  | { readonly name: string; readonly language: "python"; readonly program: URL; readonly requirements: URL }
  /** A folder with go.mod, go.sum and package main. */
  | { readonly name: string; readonly language: "go"; readonly folder: URL }
  /** Runs on this Node; what it imports is a devDependency of the workbench. With `tool`, it drives a program that others wrote. */
  | { readonly name: string; readonly language: "node"; readonly program: URL; readonly tool?: GoTool };

/** A program that its makers publish as a Go module: built as it is, by its package's name. */
export interface GoTool {
  /** A folder with go.mod, which requires the module, and go.sum. */
  readonly folder: URL;
  readonly package: string;
  /** The driver finds the program's path in this variable. */
  readonly variable: string;
}

export interface ClientSuite {
  /** As `fake-cloud` calls it. */
  readonly cloud: string;
  readonly fakeArguments?: readonly string[];
  /** What the programs find in their environment. */
  environment(ready: FakeCloudReady): Readonly<Record<string, string>>;
  readonly programs: readonly ClientProgram[];
  /** Kinds of violations that every program provokes on purpose; it must provoke these, and no others. */
  readonly provokes?: readonly string[];
}
