// The parts of the page that only a call needs. The page loads this file by itself, after it is shown.
import '../shared-chunk.ts';

export { CallPanel } from './call-panel.tsx';
export { SoundDialog, SoundSection } from './sound-fields.tsx';
export { startVoice } from './voice.ts';
