// Small files that the page shares with a script that is loaded later. The build makes one chunk for each set of scripts that share files. All later
// scripts import this file, so that the page loads one chunk and not a chunk for each set.
import '../client/authorized-fetch.ts';
import '../client/describe-value.ts';
import '../client/event-request.ts';
import '../client/rejection.ts';
import '../client/response-text.ts';
import './address.ts';
import './encode-jpeg.ts';
import './has-mouse.ts';
import './format-error.ts';
import './components/constant-view.tsx';
import './components/focus-message.ts';
import './components/icon-button.tsx';
import './components/stop-button.tsx';
import './components/use-frame-value.ts';
import './components/words.tsx';
import './markdown/bidi-controls.ts';
import './markdown/max-shown.ts';
import './settings/stored-settings.ts';
import './transcript/confirm-tool.ts';
import './transcript/max-images.ts';
import './transcript/turn.ts';
import './voice/voice-problem.ts';
