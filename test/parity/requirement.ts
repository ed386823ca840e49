/**
 * What one feature of ADK's live mode is here. "Done" names the tests that show it, as `<file below test/>: <full title>`, the title
 * as jest prints it: the texts of the `describe`s around the test, then its own.
 */
export type Requirement = {
  /** What it is called, in ADK's words for TypeScript; of a field, `<interface>.<field>`. */
  readonly id: string;
  /** What ADK does. */
  readonly adk: string;
  /** Where we do something else on purpose: why. */
  readonly differs?: string;
} & (
  | {
      readonly status: 'done';
      /** What we do. */
      readonly here: string;
      readonly tests: readonly [string, ...string[]];
    }
  /** `brings`: the part of the project that it comes with. */
  | {
      readonly status: 'planned';
      readonly here: string;
      readonly brings: 'tools and agents' | 'stores and doors';
    }
  | { readonly status: 'not offered'; readonly why: string }
);

export interface Area {
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** Something that users of ADK's live mode complained about in public, and what happens here instead. */
export interface Pain {
  readonly number: number;
  readonly complaint: string;
  /** As `google/adk-python#3692`. */
  readonly issues: readonly [string, ...string[]];
  readonly here: string;
  /** As above. */
  readonly tests: readonly [string, ...string[]];
}
