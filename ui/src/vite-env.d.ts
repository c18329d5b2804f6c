/// <reference types="vite/client" />
declare module 'virtual:categories' {
  const kinds: Record<string, string>
  export default kinds
}
