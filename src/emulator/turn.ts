/** An image that the user sent, reduced to the facts that the offline agent mentions. */
export interface ReceivedImage {
  readonly mimeType: string;
  readonly bytes: number;
}

/** A message of a conversation, as the emulator stores it. */
export interface Turn {
  readonly role: 'user' | 'model';
  readonly text: string;
  /** Duration of the speech in this message, in seconds. Undefined for a message without speech. */
  readonly speechSeconds?: number;
  readonly images?: readonly ReceivedImage[];
}
