/** Bytes of a millisecond of what a microphone gives, and of what the model speaks: PCM16 mono. */
const UP_BYTES = 32;
const DOWN_BYTES = 48;

/** Speech that says whose it is: its bytes are its label, over and over. */
export function voiceUp(label: string, ms: number): Buffer {
  return labelled(label, ms * UP_BYTES);
}

export function voiceDown(label: string, ms: number): Buffer {
  return labelled(label, ms * DOWN_BYTES);
}

/** What base64 speech says of itself, if it is whole. A test compares this: the difference of two speeches nobody can read. */
export function labelOf(data: string): string {
  const speech = Buffer.from(data, 'base64');
  const label = speech.toString('latin1', 0, speech.indexOf(';')).trimEnd();
  return `${label}, ${speech.equals(labelled(label, speech.length)) ? speech.length : 'broken'}`;
}

/** 16 bytes a label: wherever speech is cut into seconds, a piece begins with its label. */
function labelled(label: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${label.padEnd(15)};`);
}
