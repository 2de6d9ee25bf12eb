/**
 * A person's settings, and what they are until the person says otherwise.
 */
export interface Preferences {
  /** BCP 47, canonical. */
  readonly locale: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly theme: 'SYSTEM' | 'LIGHT' | 'DARK';
  readonly weeklyEmail: boolean;
}

export const defaultPreferences: Preferences = { locale: 'en', timeZone: 'UTC', theme: 'SYSTEM', weeklyEmail: false };
