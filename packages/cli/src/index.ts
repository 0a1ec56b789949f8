export { lint, type SourceText } from "./commands/lint.ts";
