// Colours, type and spacing. One accent (teal); other colours only where they mean something.
import { createTheme, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#e8f7f8',
  '#d3ecee',
  '#a6d8dc',
  '#75c3ca',
  '#4eb0b9',
  '#2f9aa5',
  '#15818c',
  '#0d6b75',
  '#09575f',
  '#054249',
]
const gray: MantineColorsTuple = [
  '#f7f8fa',
  '#eff1f4',
  '#e3e7ec',
  '#d3d9e0',
  '#b7c0ca',
  '#8c97a4',
  '#5f6b79',
  '#465261',
  '#2f3946',
  '#1a222d',
]
const dark: MantineColorsTuple = [
  '#d8dee6',
  '#b4bfcb',
  '#98a5b3',
  '#5c6a79',
  '#344150',
  '#2a3542',
  '#1d2631',
  '#141b24',
  '#0f151d',
  '#0a0f15',
]

// Only for what cannot be undone, and for errors.
const red: MantineColorsTuple = [
  '#fdecea',
  '#fbd5d1',
  '#f6aaa3',
  '#f08076',
  '#e85f53',
  '#d9483c',
  '#c4372b',
  '#b42318',
  '#8f1a11',
  '#6a120b',
]

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, gray, dark, red },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '12px', sm: '13.5px', md: '14.5px', lg: '17px', xl: '21px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.4', xl: '1.3' },
  spacing: { xs: '6px', sm: '10px', md: '16px', lg: '24px', xl: '36px' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  focusRing: 'auto',
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '23px', lineHeight: '1.25' },
      h2: { fontSize: '16px', lineHeight: '1.35' },
      h3: { fontSize: '14.5px', lineHeight: '1.4' },
    },
  },
  components: {
    Button: { defaultProps: { size: 'sm', fw: 550 } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', allowDeselect: false } },
    Modal: {
      styles: { title: { fontWeight: 620, fontSize: 17 } },
      defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } },
    },
    Drawer: {
      styles: { title: { fontWeight: 620, fontSize: 17 } },
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' } },
    },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    Badge: { styles: { root: { flexShrink: 0, fontWeight: 500 } } },
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm' } },
  },
})
