import { Icon } from '../components/icons.tsx';

/** The mark of the page, which stands for the agent. */
export const AgentIcon = () => (
  <Icon>
    <path d="M8 5v14M8 19l-3.5-3.5M8 19l3.5-3.5M16 19V5M16 5l-3.5 3.5M16 5l3.5 3.5" />
  </Icon>
);

export const EndIcon = () => (
  <Icon>
    <path
      fill="currentcolor"
      d="M4 14.2c0-.9.3-1.7 1-2.2 4-2.8 10-2.8 14 0 .7.5 1 1.3 1 2.2v1.4c0 .6-.5 1-1.1.9l-2.9-.5a1 1 0 0 1-.8-.9l-.1-1.7a9.5 9.5 0 0 0-6.2 0L8.8 15a1 1 0 0 1-.8.9l-2.9.6a.9.9 0 0 1-1.1-.9z"
    />
  </Icon>
);

export const CameraIcon = () => (
  <Icon>
    <rect x="3" y="6.5" width="12" height="11" rx="2.5" />
    <path d="m15 11 6-3.5v9L15 13" />
  </Icon>
);

export const ScreenIcon = () => (
  <Icon>
    <rect x="3" y="4.5" width="18" height="12" rx="2" />
    <path d="M8.5 20h7M12 16.5V20" />
  </Icon>
);

export const HeadphonesIcon = () => (
  <Icon>
    <path d="M4.5 15.5V12a7.5 7.5 0 0 1 15 0v3.5" />
    <rect x="4.5" y="13.5" width="3.5" height="6" rx="1.5" />
    <rect x="16" y="13.5" width="3.5" height="6" rx="1.5" />
  </Icon>
);
