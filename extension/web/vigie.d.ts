// What the loaders use of the generated module, for the type checker. Not shipped.
export default function init(): Promise<unknown>;
export function onMessage(message: unknown, sender: object): Promise<unknown>;
export function onRequest(details: object): Promise<void>;
export function onCommitted(details: object): Promise<void>;
export function onTabRemoved(tab: number): Promise<void>;
export function onCommand(name: string, tab?: object): Promise<void>;
export function onTick(): Promise<void>;
export function onStart(reason?: string): Promise<void>;
export function takeWake(): number | undefined;
export function startOver(): void;
export function openPopup(texts: object): void;
export function refreshPopup(): void;
export function openSettings(): void;
export function refreshSettings(): void;
export function openGuide(texts: object): void;
export function refreshGuide(): void;
