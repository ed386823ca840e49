/** A part of a line: text with its formatting. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'deleted'; readonly children: readonly Inline[] }
  /** `url` is safe to open, or undefined while the address is still arriving. A picture is linked, never loaded. */
  | {
      readonly kind: 'link';
      readonly url: string | undefined;
      readonly isPicture: boolean;
      readonly children: readonly Inline[];
    };

export type Alignment = 'left' | 'center' | 'right' | undefined;

export interface ListItem {
  /** Whether the item is done, if it is a task. */
  readonly done: boolean | undefined;
  readonly blocks: readonly Block[];
}

export interface List {
  readonly kind: 'list';
  /** Number of the first item, or undefined for bullets. */
  readonly start: number | undefined;
  /** Character that makes items one list: the bullet, or the delimiter after the number. */
  readonly marker: string;
  readonly items: readonly ListItem[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | List
  /** A table. Its first row is the head; a row may have fewer cells than the head, and never more. */
  | {
      readonly kind: 'table';
      readonly alignments: readonly Alignment[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: 'rule' };

/** A block that was read from lines. */
export interface ReadBlock {
  readonly block: Block;
  /** Index of the first line after the block. */
  readonly next: number;
}
