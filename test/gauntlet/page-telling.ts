/** What the tap in the page tells its talker, in the order in which it happened. */
export type Telling =
  /** PCM that went to the player, base64; `at`: when, as performance.now() of the talker's process, ms. */
  | { readonly kind: 'audio'; readonly base64: string; readonly at: number }
  /** What the transcript shows in addition. */
  | { readonly kind: 'words'; readonly text: string }
  /** The player was told that an answer is over. */
  | { readonly kind: 'turn complete' }
  | { readonly kind: 'rung'; readonly rung: string };
