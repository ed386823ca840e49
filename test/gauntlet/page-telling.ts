/** Messages of the tap in the page to its talker, in order. */
export type Telling =
  /** PCM that was sent to the player, in base64. `at`: time as performance.now() of the talker's process, in ms. */
  | { readonly kind: 'audio'; readonly base64: string; readonly at: number }
  /** Text that was added to the transcript. */
  | { readonly kind: 'words'; readonly text: string }
  /** The player was told that an answer has ended. */
  | { readonly kind: 'turn complete' }
  | { readonly kind: 'rung'; readonly rung: string };
