//! The calls to the kernel that no safe crate offers: the only unsafe code of the host.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};

/// `PACKET_FANOUT_HASH` with `PACKET_FANOUT_FLAG_DEFRAG` (packet(7)): by addresses and ports, the same for both
/// directions; fragments go with their packet.
const HASH_DEFRAGMENTED: u32 = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
/// `PACKET_FANOUT_FLAG_UNIQUEID`: the kernel chooses an id that no other group has.
const UNIQUE: u32 = 0x2000;

/// Makes the socket a member of a fanout group: the one with that id, or a new one. Returns the id.
pub(crate) fn join_fanout(socket: BorrowedFd<'_>, group: Option<u16>) -> io::Result<u16> {
    let argument: u32 = match group {
        Some(id) => u32::from(id) | HASH_DEFRAGMENTED << 16,
        None => (HASH_DEFRAGMENTED | UNIQUE) << 16,
    };
    let fd = socket.as_raw_fd();
    let mut length = size_of::<u32>() as libc::socklen_t;
    // SAFETY: the pointer is to a u32 that lives through the call, and the length is its size.
    let set = unsafe {
        libc::setsockopt(fd, libc::SOL_PACKET, libc::PACKET_FANOUT, (&raw const argument).cast(), length)
    };
    if set != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut joined: u32 = 0;
    // SAFETY: the kernel writes at most `length` bytes, the size of the u32 that lives through the call.
    let got = unsafe {
        libc::getsockopt(fd, libc::SOL_PACKET, libc::PACKET_FANOUT, (&raw mut joined).cast(), &raw mut length)
    };
    if got != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((joined & 0xffff) as u16)
}

/// Whether the interface is up (netdevice(7), `SIOCGIFFLAGS`); any socket may ask.
pub(crate) fn is_up(socket: BorrowedFd<'_>, interface: &str) -> io::Result<bool> {
    // SAFETY: `ifreq` is plain old data; all zeros is a valid value.
    let mut request: libc::ifreq = unsafe { zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as libc::c_char;
    }
    // SAFETY: the kernel reads and writes one `ifreq` that lives through the call; the name in it ends with a zero.
    let asked = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) };
    if asked != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: SIOCGIFFLAGS fills this member of the union.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    Ok(i32::from(flags) & libc::IFF_UP != 0)
}

/// Datagrams that the socket dropped since it was opened because nobody took them in time (`SO_MEMINFO`, socket(7)).
pub(crate) fn dropped(socket: BorrowedFd<'_>) -> io::Result<u32> {
    /// `SK_MEMINFO_DROPS` of linux/sock_diag.h, and how many numbers there are.
    const DROPS: usize = 8;
    let mut about = [0_u32; DROPS + 1];
    let mut length = size_of_val(&about) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, the size of the array that lives through the call.
    let got = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            (&raw mut about).cast(),
            &raw mut length,
        )
    };
    if got != 0 {
        return Err(io::Error::last_os_error());
    }
    let [.., drops] = about;
    Ok(drops)
}

/// Becomes another user and group in all threads, without supplementary groups.
pub(crate) fn become_user(user: u32, group: u32) -> io::Result<()> {
    // SAFETY: with no groups the pointer is not read; the calls take numbers and touch no memory of ours.
    let results = unsafe {
        [
            libc::setgroups(0, std::ptr::null()),
            libc::setresgid(group, group, group),
            libc::setresuid(user, user, user),
        ]
    };
    if results.iter().any(|result| *result != 0) { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Number and primary group of a user, asked of the system's own directory (getpwnam(3)); none where there is no such.
pub(crate) fn user_named(name: &str) -> Option<(u32, u32)> {
    let name = CString::new(name).ok()?;
    let mut buffer = vec![0_u8; 16 << 10];
    // SAFETY: `passwd` is plain old data; all zeros is a valid value.
    let mut entry: libc::passwd = unsafe { zeroed() };
    let mut found: *mut libc::passwd = std::ptr::null_mut();
    // SAFETY: name is terminated; entry, buffer and found live through the call, and the length is that of the buffer.
    let asked = unsafe {
        libc::getpwnam_r(
            name.as_ptr(),
            &raw mut entry,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &raw mut found,
        )
    };
    (asked == 0 && !found.is_null()).then_some((entry.pw_uid, entry.pw_gid))
}

/// Number of a group (getgrnam(3)); none where there is no such.
pub(crate) fn group_named(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut buffer = vec![0_u8; 64 << 10];
    // SAFETY: `group` is plain old data; all zeros is a valid value.
    let mut entry: libc::group = unsafe { zeroed() };
    let mut found: *mut libc::group = std::ptr::null_mut();
    // SAFETY: name is terminated; entry, buffer and found live through the call, and the length is that of the buffer.
    let asked = unsafe {
        libc::getgrnam_r(
            name.as_ptr(),
            &raw mut entry,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &raw mut found,
        )
    };
    (asked == 0 && !found.is_null()).then_some(entry.gr_gid)
}
