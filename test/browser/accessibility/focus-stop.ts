/** The control that has the focus. */
export interface FocusStop {
  readonly name: string;
  /** Faults of the way in which the focus is shown. */
  readonly faults: readonly string[];
  /** Controls that no stop has reached so far. */
  readonly left: readonly string[];
}
