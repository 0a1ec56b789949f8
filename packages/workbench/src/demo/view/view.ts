// What shows a running demo: it is handed a Picture whenever something may have changed.

import type { Picture } from "./picture.ts";

export interface View {
  /** Wants a picture so often, besides those of changes. */
  readonly frameMs?: number;
  draw(picture: Picture): void;
  /** The last picture stays; may be called twice. */
  close(): void;
}

/** A terminal, a file, or a test. */
export interface Screen {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}
