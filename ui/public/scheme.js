// Sets dark or light before anything is painted; a file of its own, because inline scripts are forbidden.
;(() => {
  let wanted = 'auto'
  try {
    wanted = localStorage.getItem('medward-scheme') || 'auto'
  } catch {
    // Storage may be switched off: follow the system.
  }
  const dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
