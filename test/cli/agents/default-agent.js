import { Agent } from 'bidi-sse';

export default new Agent({ name: 'default_agent', model: 'gemini-live-2.5-flash-preview' });
