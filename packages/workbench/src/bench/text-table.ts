// Aligned text: a table whose columns are as wide as their widest cell, and figures with three digits that matter.

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

const GAP = "  ";

/** No spaces at the ends of lines. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? "").length)));
  return lines
    .map((line) =>
      columns
        .map(({ align }, index) => {
          const [cell, width] = [line[index] ?? "", widths[index] ?? 0];
          return align === "left" ? cell.padEnd(width) : cell.padStart(width);
        })
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

/** 0.123, 1.23, 12.3, 123, 1,234 */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Whole numbers with thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

export function money(amount: number): string {
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
